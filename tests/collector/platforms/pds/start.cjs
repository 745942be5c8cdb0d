// Starts a directory (PLC) and a server of accounts (PDS) on the loopback, says where as one line of JSON, and ends
// when its input does. KLE_TEST_PDS names the folder whose node_modules hold the packages of package.json.
const { createRequire } = require('node:module')
const path = require('node:path')

const packages = createRequire(path.join(process.env.KLE_TEST_PDS, 'package.json'))
const { TestNetworkNoAppView } = packages('@atproto/dev-env')

TestNetworkNoAppView.create({}).then((network) => {
  console.log(JSON.stringify({ pds: network.pds.url, plc: network.plc.url }))
  process.stdin.resume()
  process.stdin.on('end', () => network.close().finally(() => process.exit(0)))
})
