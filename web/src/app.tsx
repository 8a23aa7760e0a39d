/** The routes of the app, and what every page stands in. Each page has an address of its own that can be kept and sent. */
import { QueryClientProvider } from '@tanstack/react-query'
import { lazy, Suspense } from 'react'
import { RouterProvider } from 'react-aria-components'
import { BrowserRouter, Outlet, Route, Routes, useHref, useLocation, useNavigate } from 'react-router'
import { queryClient } from './api/use-api.ts'
import { ErrorBoundary } from './components/error-boundary.tsx'
import { Placeholder } from './components/panel.tsx'
import { LanguageProvider } from './i18n/language.tsx'
import { NotFound } from './not-found.tsx'
import { Shell } from './shell.tsx'
import { NoticeProvider } from './notice.tsx'
import { SessionGate } from './session.tsx'
import { SignInPage } from './sign-in.tsx'
import { HomePage } from './viewer/home.tsx'
import { ProfileProvider } from './viewer/profile.tsx'
import { ProfilesPage } from './viewer/profiles.tsx'
import { QuestionnairePage } from './viewer/questionnaire-page.tsx'
import { TitlePage } from './viewer/title-page.tsx'

const OperatorPages = lazy(() => import('./operator/pages.tsx'))

export function App() {
  return (
    <QueryClientProvider client={queryClient}>
      <LanguageProvider>
        <BrowserRouter>
          <WithRouter />
        </BrowserRouter>
      </LanguageProvider>
    </QueryClientProvider>
  )
}

function WithRouter() {
  const navigate = useNavigate()
  return (
    // oxlint-disable-next-line react/hooks -- the provider calls it where a hook may be called
    <RouterProvider navigate={(to) => void navigate(to)} useHref={useHref}>
      <NoticeProvider>
        <ProfileProvider>
          <Routes>
            <Route element={<Frame gate={false} />}>
              <Route path="sign-in" element={<SignInPage />} />
            </Route>
            <Route element={<Frame gate />}>
              <Route index element={<HomePage />} />
              <Route path="questionnaire" element={<QuestionnairePage />} />
              <Route path="profiles" element={<ProfilesPage />} />
              <Route path="title/:id" element={<TitlePage />} />
              <Route path="operator/*" element={<OperatorPages />} />
              <Route path="*" element={<NotFound />} />
            </Route>
          </Routes>
        </ProfileProvider>
      </NoticeProvider>
    </RouterProvider>
  )
}

function Frame({ gate }: { readonly gate: boolean }) {
  const { pathname } = useLocation()
  const page = (
    <Shell>
      <ErrorBoundary key={pathname}>
        <Suspense fallback={<Placeholder lines={6} />}>
          <Outlet />
        </Suspense>
      </ErrorBoundary>
    </Shell>
  )
  return gate ? <SessionGate>{page}</SessionGate> : page
}
