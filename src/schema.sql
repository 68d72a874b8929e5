-- SPDX-License-Identifier: MIT
-- schema.sql - audition.db as format 1 began: what was measured, for ever.
-- What came later is in the migrations of store.c.
--
-- NULL: not observed (never 0). Units are in the names: _s seconds, _ns
-- nanoseconds, _ms milliseconds; a bare number is a count. JSON is text.
-- Never edited once released: a change is a new step in the list of
-- migrations in store.c.

CREATE TABLE run (                  -- one call of `audition run`
    id            INTEGER PRIMARY KEY,
    started_utc   TEXT NOT NULL,    -- "2026-11-23T05:33:30Z"
    config        TEXT,             -- YAML text or the flags, as given
    settings      TEXT,             -- JSON: resolved options, their source
    machine       TEXT,             -- JSON: the board it ran on
    version       TEXT,             -- of audition
    facts         TEXT              -- JSON: the report; NULL: not finished
) STRICT;

CREATE TABLE subject (              -- what was auditioned, down to its flags
    id            INTEGER PRIMARY KEY,
    hash          TEXT NOT NULL UNIQUE CHECK (hash <> ''),
    generation    INTEGER NOT NULL  -- the one that counts; +1 by --fresh
                  CHECK (generation >= 1)
) STRICT;

CREATE TABLE candidate (            -- a line of a run's candidate list
    id            INTEGER PRIMARY KEY,
    run_id        INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    subject_id    INTEGER REFERENCES subject,  -- NULL: not auditioned
    name          TEXT NOT NULL,
    source        TEXT NOT NULL
                  CHECK (source IN ('file', 'hf', 'server', 'replay')),
    location      TEXT,             -- path, user/repo or URL, by source
    model_sha256  TEXT,             -- of the model file's bytes
    failure       TEXT,             -- why it could not be auditioned
    facts         TEXT,             -- JSON: everything known about it
    UNIQUE (run_id, name)
) STRICT;

CREATE TABLE trial (                -- stored whole or not at all
    id            INTEGER PRIMARY KEY,         -- rises in order of storing
    subject_id    INTEGER NOT NULL REFERENCES subject,
    generation    INTEGER NOT NULL CHECK (generation >= 1),
    run_id        INTEGER NOT NULL REFERENCES run,  -- the one that made it
    key           TEXT NOT NULL CHECK (key <> ''),
    block         INTEGER NOT NULL,            -- which load of the model
    status        TEXT NOT NULL
                  CHECK (status IN ('ok', 'failed', 'harness_fault')),
    fault         TEXT NOT NULL,               -- whose, '' when nobody's
    duration_s    REAL,                        -- by the engine's stamps
    outcome       TEXT NOT NULL                -- of a case, else 'none'
                  CHECK (outcome IN ('none', 'pass', 'fail', 'unparsed',
                                     'template_fault', 'harness_fault')),
    suite         TEXT,                        -- of a case, like the next two
    case_id       TEXT,
    case_hash     TEXT,
    reason        TEXT,                        -- one sentence: why so
    end_state     TEXT,                        -- JSON: the home afterwards
    UNIQUE (subject_id, generation, key)
) STRICT;

-- Trials of a subject in order of storing, without sorting.
CREATE INDEX trial_of_subject ON trial (subject_id, generation);
CREATE INDEX trial_of_run ON trial (run_id);

CREATE TABLE turn (                 -- one request and its answer
    trial_id      INTEGER NOT NULL REFERENCES trial ON DELETE CASCADE,
    position      INTEGER NOT NULL CHECK (position >= 0),
    sent_ns       INTEGER,          -- last request byte; monotonic clock
    end_ns        INTEGER,          -- the stream ended; the same clock
    finish        TEXT NOT NULL
                  CHECK (finish IN ('none', 'stop', 'length', 'calls', 'cut')),
    http_status   INTEGER NOT NULL, -- 0: no reply came
    prompt_n      REAL,             -- by the server: prompt tokens evaluated
    cache_n       REAL,             -- prompt tokens from the prefix cache
    prompt_ms     REAL,
    predicted_n   REAL,             -- tokens generated
    predicted_ms  REAL,
    content       TEXT NOT NULL,    -- what would be spoken
    reasoning     TEXT NOT NULL,    -- kept apart by the server
    calls         TEXT NOT NULL,    -- JSON [{"id", "name", "arguments"}, ...]
    chunks        TEXT NOT NULL,    -- JSON [[ns after sent_ns, kind, bytes of
                                    -- this kind so far, tokens or null], ...]
                                    -- kind 0 content 1 reasoning 2 call
    PRIMARY KEY (trial_id, position)
) STRICT;

CREATE TABLE message (              -- the conversation, in order
    trial_id      INTEGER NOT NULL REFERENCES trial ON DELETE CASCADE,
    position      INTEGER NOT NULL CHECK (position >= 0),
    role          TEXT NOT NULL
                  CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    text          TEXT NOT NULL,
    call_id       TEXT,             -- role tool: the call it answers
    turn_position INTEGER,          -- role assistant: which turn said it
    PRIMARY KEY (trial_id, position)
) STRICT;

CREATE TABLE observation (          -- a measured number of a trial
    trial_id      INTEGER NOT NULL REFERENCES trial ON DELETE CASCADE,
    position      INTEGER NOT NULL CHECK (position >= 0),
    metric        TEXT NOT NULL,    -- a name of src/metrics.h, unit included
    value         REAL,
    PRIMARY KEY (trial_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE memo (                 -- facts that cost time to find again
    kind          TEXT NOT NULL,
    key           TEXT NOT NULL,
    value         TEXT NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
