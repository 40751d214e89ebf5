/**
 * The signaling servers of the others, in a process of their own as Ringback's is.
 *
 * A Socket.IO server that relays `signal` between two named sockets, as simple-peer applications
 * write it, and PeerJS's own server. Tells its parent the ports.
 */
import { createServer } from 'node:http';
import { ExpressPeerServer } from 'peer';
import express from 'express';
import { Server } from 'socket.io';

const relay = createServer();
const io = new Server(relay, { cors: { origin: '*' } });
io.on('connection', (socket) => {
  socket.join(socket.handshake.auth.name);
  socket.on('signal', ({ to, data }) => io.to(to).emit('signal', data));
});

const app = express();
const peer = createServer(app);
app.use('/', ExpressPeerServer(peer, { path: '/' }));

const listen = (server) => new Promise((resolve) => {
  server.listen(0, '127.0.0.1', () => resolve(server.address().port));
});
process.on('disconnect', () => process.exit(0));
process.send({ relayPort: await listen(relay), peerPort: await listen(peer) });
