-- Loads the CSV files into PostgreSQL. In the folder that holds them: psql -f load.sql DATABASE
\set ON_ERROR_STOP on
BEGIN;
\ir schema.sql
\copy visitors FROM 'visitors.csv' WITH (FORMAT csv, HEADER true)
\copy sessions FROM 'sessions.csv' WITH (FORMAT csv, HEADER true)
\copy events FROM 'events.csv' WITH (FORMAT csv, HEADER true)
COMMIT;
ANALYZE;
