import { writeSync } from 'node:fs'
import { Console } from 'node:console'
import Table from 'cli-table3'

const { stderr } = process
process.stdout.write('raw')
process['stderr'].write('raw')
stderr.write('raw')
console.log('raw')
writeSync(1, 'raw')
new Console(process.stdout).log(new Table().toString())
