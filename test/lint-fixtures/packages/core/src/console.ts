console.log('packages do not print')
