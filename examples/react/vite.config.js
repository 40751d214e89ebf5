import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  // The package is a link into this repository here: it has to use this application's React.
  resolve: { dedupe: ['react', 'react-dom'] },
  server: { fs: { allow: ['.', '../../dist'] } },
});
