// JWTs as a host application would sign them.
import { SignJWT } from 'jose';

/** The HS256 secret that every TestServer is started with, unless it is told otherwise. */
export const JWT_SECRET = 'a-secret-that-only-tests-know-0123456789';

/**
 * Signs a token.
 * @param {Record<string, unknown>} claims
 * @param {{ secret?: string, expiresIn?: number }} [options] seconds from now; may be negative
 * @returns {Promise<string>}
 */
export function signToken(claims, { secret = JWT_SECRET, expiresIn = 3600 } = {}) {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuedAt(Math.min(now, now + expiresIn) - 1)
    .setExpirationTime(now + expiresIn)
    .sign(new TextEncoder().encode(secret));
}

/** Signs a token of a person. */
export function userToken(userId, { name, picture, ...options } = {}) {
  return signToken({ sub: userId, ...(name && { name }), ...(picture && { picture }) }, options);
}

/** Signs a token of the host application's own backend. */
export function serviceToken(options) {
  return signToken({ sub: 'host-application', role: 'service' }, options);
}

/** Makes a token that claims to need no signature. */
export function unsignedToken(userId) {
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 3600;
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode({ sub: userId, exp })}.`;
}
