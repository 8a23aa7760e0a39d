/** The operator's pages: loaded when one is opened. */
import { useEffect, useRef } from 'react'
import { Navigate, NavLink, Outlet, Route, Routes } from 'react-router'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { NotFound } from '../not-found.tsx'
import '../styles/operator.css'
import { ModelPage } from './model-page.tsx'
import { ModelsPage } from './models-page.tsx'
import { QualityPage } from './quality-page.tsx'
import { ReportPage } from './report-page.tsx'
import { RunPage } from './run-page.tsx'
import { RunsPage } from './runs-page.tsx'
import { OverviewPage } from './overview-page.tsx'
import { ServicePage } from './service-page.tsx'
import { TitleInspectorPage, TitlesPage } from './titles-page.tsx'
import { UsersPage } from './users-page.tsx'

export default function OperatorPages() {
  return (
    <Routes>
      <Route element={<Frame />}>
        <Route index element={<OverviewPage />} />
        <Route path="runs" element={<RunsPage />} />
        <Route path="runs/:id" element={<RunPage />} />
        <Route path="data-quality" element={<QualityPage />} />
        <Route path="models" element={<ModelsPage />} />
        <Route path="models/:version" element={<ModelPage />} />
        <Route path="reports" element={<ReportPage />} />
        <Route path="reports/:week" element={<ReportPage />} />
        <Route path="users" element={<UsersPage />} />
        <Route path="users/:user" element={<UsersPage />} />
        <Route path="titles" element={<TitlesPage />} />
        <Route path="titles/:id" element={<TitleInspectorPage />} />
        <Route path="service" element={<ServicePage />} />
        <Route path="overview" element={<Navigate to="/operator" replace />} />
        <Route path="*" element={<NotFound />} />
      </Route>
    </Routes>
  )
}

function Frame() {
  const { operator } = useMessages()
  const { zone } = useFormats()
  const links = [
    ['/operator', operator.overview],
    ['/operator/runs', operator.runs],
    ['/operator/data-quality', operator.dataQuality],
    ['/operator/models', operator.models],
    ['/operator/reports', operator.report],
    ['/operator/users', operator.users],
    ['/operator/titles', operator.titles],
    ['/operator/service', operator.service],
  ] as const
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    // On a phone the list is wider than the window: what is current is brought into its middle.
    const current = nav.current?.querySelector<HTMLElement>('[aria-current]')
    if (nav.current !== null && current !== null && current !== undefined)
      nav.current.scrollLeft = current.offsetLeft - (nav.current.clientWidth - current.clientWidth) / 2
  })
  return (
    <div className="operator">
      <nav className="sub-nav" aria-label={operator.nav} ref={nav}>
        {links.map(([to, text]) => (
          <NavLink key={to} to={to} end={to === '/operator'}>
            {text}
          </NavLink>
        ))}
        <span className="zone quiet small">{operator.zone(zone)}</span>
      </nav>
      <div className="page operator-page">
        <Outlet />
      </div>
    </div>
  )
}
