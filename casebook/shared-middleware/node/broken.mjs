// The visit is a variable of the module. There is one thread, but the site awaits, and then other requests run.
import { answer, serve, setCookies, siteAsking, visitOf } from './visits.mjs';

let visit;
const site = siteAsking(() => visit);

serve(async (request, response) => {
  visit = visitOf(request);
  const page = await site(request);
  setCookies(response, visit);
  answer(response, page);
});
