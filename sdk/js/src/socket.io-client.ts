/** The bundled client, in a file of its own: only `connect()` without `io` loads it. */
export { io } from 'socket.io-client';
