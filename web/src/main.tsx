import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { applyTheme, keptTheme } from './theme.ts'
import './styles/base.css'
import './styles/components.css'
import './styles/viewer.css'

applyTheme(keptTheme())
const root = document.querySelector('#app')
if (root === null) throw new Error('index.html has no #app')
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
