/** The operator's pages: loaded when one is opened. */
import { Navigate, NavLink, Outlet, Route, Routes } from 'react-router'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { NotFound } from '../not-found.tsx'
import '../styles/operator.css'
import { ModelPage } from './model-page.tsx'
import { ModelsPage } from './models-page.tsx'
import { OverviewPage } from './overview-page.tsx'
import { ServicePage } from './service-page.tsx'
import { TitlesPage } from './titles-page.tsx'
import { UsersPage } from './users-page.tsx'

export default function OperatorPages() {
  return (
    <Routes>
      <Route element={<Frame />}>
        <Route index element={<OverviewPage />} />
        <Route path="models" element={<ModelsPage />} />
        <Route path="models/:version" element={<ModelPage />} />
        <Route path="users" element={<UsersPage />} />
        <Route path="titles" element={<TitlesPage />} />
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
    ['/operator/models', operator.models],
    ['/operator/users', operator.users],
    ['/operator/titles', operator.titles],
    ['/operator/service', operator.service],
  ] as const
  return (
    <div className="operator">
      <nav className="sub-nav" aria-label={operator.nav}>
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
