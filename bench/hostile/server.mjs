// The router under attack in a process of its own.
import { unitsSpent } from '../../dist/plugin/work.js'
import { startApp } from './app.mjs'
import { serve } from './figures.mjs'

serve({ ...await startApp(), units: unitsSpent })
