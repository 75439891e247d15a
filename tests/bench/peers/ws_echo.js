// JSON-RPC echo over WebSocket with Node's `ws`: ws_echo.js SOCKET
const http = require('http');
const { WebSocketServer } = require('ws');

const methods = { echo: (params) => params.message };

const server = http.createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.on('message', (data) => {
    const call = JSON.parse(data);
    const method = methods[call.method];
    socket.send(JSON.stringify(method
      ? { jsonrpc: '2.0', result: method(call.params), id: call.id }
      : { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: call.id }));
  });
});
server.listen(process.argv[2]);
