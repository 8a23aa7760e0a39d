/**
 * The numeric kernels: AssemblyScript, compiled by `npm run build:kernels` to WebAssembly with 128-bit SIMD on a shared memory.
 *
 * They own no memory: whoever calls lays the arrays out (src/model/kernels/memory.ts) and passes byte addresses, counts of elements,
 * and strides in floats. Nothing here checks an argument; src/model does, before the first call.
 * Each export that ends in `Tasks` may run on several threads at once with the same arguments: the threads take task numbers
 * from a shared counter, no two tasks write the same number, and what a task does never depends on who takes it. So the
 * result is the same, bit for bit, on any number of threads. `thread` (from 0) selects scratch memory and nothing else.
 *
 * What trains multiplies and adds in one step (relaxed SIMD), which processors since about 2013 round once and older ones twice: the same
 * seed gives the same bytes on machines that agree on that. What ranks rounds each step, as JavaScript does, everywhere.
 */
export { resampleTasks } from './bootstrap'
export { eigenSystem } from './eigen'
export { gramTasks, rotateTasks, squareTasks } from './gram'
export { rankHistoryTasks, takeHistoryLists } from './histories'
export { coOccurrenceTasks, itemWeightTasks } from './co-occurrence'
export { neighbourTasks } from './neighbours'
export { sweepPanelTasks, sweepPivot, sweepRestTasks } from './sweep'
export { conjugateGradientTasks, choleskyTasks, contributions } from './rows'
export { warpShuffleTasks, warpSortTasks, warpTasks } from './warp'
export { packPanels, packRounded, rankTasks, rowNorms, scoreListed, scorePanels } from './rank'
export { allFinite, dropNegligible } from './vectors'
