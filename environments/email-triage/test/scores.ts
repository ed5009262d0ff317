// Prints how policies and exploits fare on every task. Run it with: npx jiti environments/email-triage/test/scores.ts
import { scoreTable } from './score-table.ts'

for (const line of scoreTable()) console.log(line)
