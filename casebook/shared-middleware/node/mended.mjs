// The visit is a constant of the call, and AsyncLocalStorage has it for those who are not handed it.
import { AsyncLocalStorage } from 'node:async_hooks';
import { answer, serve, setCookies, siteAsking, visitOf } from './visits.mjs';

const visits = new AsyncLocalStorage();
const site = siteAsking(() => visits.getStore());

serve(async (request, response) => {
  const visit = visitOf(request);
  const page = await visits.run(visit, () => site(request));
  setCookies(response, visit);
  answer(response, page);
});
