-- What was run, and what it takes to run it again. One row for each plan, however often it was taken up.
CREATE TABLE plan (
    id           INTEGER PRIMARY KEY,
    fingerprint  TEXT NOT NULL UNIQUE,  -- 32 hexadecimal digits: the same plan has the same on every machine
    verb         TEXT NOT NULL,
    command      TEXT NOT NULL,         -- as typed
    instructions TEXT NOT NULL,         -- JSON, known to the verb alone
    made_ms      INTEGER NOT NULL       -- Unix time in milliseconds, as all times here
) STRICT;

-- What makes two failures the same. A table of its own because thousands of trials share few of them.
CREATE TABLE signature (
    id    INTEGER PRIMARY KEY,
    kind  TEXT NOT NULL,
    exact TEXT NOT NULL,
    UNIQUE (exact, kind)
) STRICT;

-- One run of the target. A plan and a seed are one trial, whoever recorded it.
CREATE TABLE trial (
    id           INTEGER PRIMARY KEY,
    plan         INTEGER NOT NULL REFERENCES plan (id),
    seed         INTEGER NOT NULL,      -- of 64 bits without a sign: format('%u', seed) shows it as it was given
    name         TEXT NOT NULL,         -- 16 hexadecimal digits, derived from plan and seed
    perturbation TEXT NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'hung', 'could-not-run')),
    signature    INTEGER REFERENCES signature (id),
    title        TEXT,                  -- what went wrong, or why it could not run, in one sentence
    elapsed_us   INTEGER NOT NULL,
    operations   INTEGER,               -- as far as the target says
    ended_ms     INTEGER NOT NULL,
    UNIQUE (plan, seed),
    CHECK ((outcome IN ('failed', 'hung')) = (signature IS NOT NULL))
) STRICT;

CREATE INDEX trial_by_name ON trial (name);
CREATE INDEX trial_that_failed ON trial (plan, elapsed_us) WHERE signature IS NOT NULL;

-- What a reader wants to see of a failure. Not all are kept, so this repeats what the choice between them needs.
CREATE TABLE details (
    trial      INTEGER PRIMARY KEY REFERENCES trial (id),
    plan       INTEGER NOT NULL REFERENCES plan (id),
    signature  INTEGER NOT NULL REFERENCES signature (id),
    elapsed_us INTEGER NOT NULL,
    text       TEXT NOT NULL
) STRICT;

CREATE INDEX details_alike ON details (plan, signature, elapsed_us);

-- What verbs found that is no outcome of a trial, as the JSON line that they printed.
CREATE TABLE finding (
    id          INTEGER PRIMARY KEY,
    plan        INTEGER NOT NULL REFERENCES plan (id),
    rule        TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    text        TEXT NOT NULL,
    found_ms    INTEGER NOT NULL,
    UNIQUE (plan, rule, fingerprint)
) STRICT;

-- What was concluded, each time that somebody concluded it.
CREATE TABLE verdict (
    id         INTEGER PRIMARY KEY,
    plan       INTEGER NOT NULL REFERENCES plan (id),
    text       TEXT NOT NULL,
    reached_ms INTEGER NOT NULL,
    UNIQUE (plan, reached_ms, text)
) STRICT;

-- For people with sqlite3 in hand: what failed, in words.
CREATE VIEW failure AS
SELECT trial.name, plan.fingerprint AS plan, format('%u', trial.seed) AS seed, trial.perturbation, trial.outcome,
       signature.kind, signature.exact, trial.title, trial.elapsed_us, trial.operations, trial.ended_ms, details.text AS details
FROM trial
JOIN plan ON plan.id = trial.plan
JOIN signature ON signature.id = trial.signature
LEFT JOIN details ON details.trial = trial.id;
