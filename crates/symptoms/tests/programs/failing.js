// Fails in the way that its argument names.
const assert = require('node:assert');

class Rejected extends Error {
  constructor(message, cause) {
    super(message, { cause });
    this.name = 'Rejected';
    this.code = 'E_ORDER';
  }
}

function total(orders, name) {
  return orders[name].total;
}

function chained() {
  try {
    total({}, 'none');
  } catch (error) {
    throw new Rejected('order 17', error);
  }
}

async function rejected() {
  await null;
  total({}, 'none');
}

function memory() {
  const all = [];
  for (;;) all.push(new Array(1000).fill(all.length));
}

switch (process.argv[2]) {
  case 'type': total({}, 'none'); break;
  case 'chained': chained(); break;
  case 'rejected': rejected(); break;
  case 'reason': Promise.reject('no reason'); break;
  case 'assert': assert.strictEqual(1 + 1, 3); break;
  case 'memory': memory(); break;
  case 'string': throw 'only words';
  case 'logged': try { total({}, 'none'); } catch (error) { console.error('trying again', error); } break;
}
