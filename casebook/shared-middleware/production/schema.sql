-- For SQLite and PostgreSQL alike.
CREATE TABLE visitors (
    id bigint PRIMARY KEY,
    visitor_id text NOT NULL UNIQUE,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE sessions (
    id bigint PRIMARY KEY,
    session_id text NOT NULL UNIQUE,
    visitor_id bigint NOT NULL REFERENCES visitors (id),
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE events (
    id bigint PRIMARY KEY,
    session_id bigint NOT NULL REFERENCES sessions (id),
    visitor_id bigint NOT NULL REFERENCES visitors (id),
    event_type text NOT NULL,
    occurred_at timestamp with time zone NOT NULL
);

CREATE INDEX sessions_by_visitor ON sessions (visitor_id);
CREATE INDEX sessions_by_time ON sessions (created_at);
CREATE INDEX events_by_session ON events (session_id);
