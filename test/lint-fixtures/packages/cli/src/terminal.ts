process.stdout.write('escaped')
