/**
 * The web app in a real browser, against the real API after real runs: every page, both languages, a phone and a desk. In this order, in
 * one process, for the site that they share takes long to make.
 */
/* oxlint-disable import/no-unassigned-import -- each of these registers its tests, in this order */
import './web/every-page.ts'
import './web/viewer.ts'
import './web/operator.ts'
import './web/faults.ts'
import './web/access.ts'
