// What both variants need: who comes, the two cookies, the page, and the server. Nothing here is kept between requests.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const LIFETIMES = { visitor_id: 2 * 365 * 24 * 60 * 60, session_id: 30 * 60 };
const ID = /^[A-Za-z0-9_-]{8,128}$/;

/** Milliseconds that every page takes, as one that asks a database does. */
const WORK = 10;

/** What is known of one request: whoever brings an id keeps it, whoever does not gets a new one. */
export function visitOf(request) {
  const cookies = new Map((request.headers.cookie ?? '').split('; ').map((pair) => pair.split('=', 2)));
  const ownOrNew = (name) => (ID.test(cookies.get(name) ?? '') ? cookies.get(name) : randomBytes(32).toString('hex'));
  const campaign = new URL(request.url, 'http://localhost').searchParams.get('utm_campaign');
  return { visitor_id: ownOrNew('visitor_id'), session_id: ownOrNew('session_id'), campaign };
}

export function setCookies(response, visit) {
  response.setHeader('Set-Cookie', Object.entries(LIFETIMES).map(([name, lifetime]) =>
    `${name}=${visit[name]}; Path=/; Max-Age=${lifetime}; HttpOnly; SameSite=Lax`));
}

/** The slow site. It asks the middleware whose request this is, as templates and models do. */
export const siteAsking = (currentVisit) => async (request) => {
  await pause(WORK);
  return { path: request.url.split('?')[0], ...currentVisit() };
};

export function answer(response, page) {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(page));
}

/** Serves on the port that the command line names (0 takes a free one) until it is asked to end. */
export function serve(tracking) {
  const server = createServer(tracking);
  server.listen(Number(process.argv[2]), '127.0.0.1', () =>
    console.log(`listening on http://127.0.0.1:${server.address().port}`));
  process.on('SIGTERM', () => {
    server.close();
    server.closeAllConnections();
  });
}
