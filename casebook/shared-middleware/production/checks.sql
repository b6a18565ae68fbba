-- What a person asks of the production data, for SQLite and PostgreSQL alike. One number each.

-- before: visitors
SELECT count(*) FROM visitors WHERE created_at < '2025-12-22T21:30:00.000Z';

-- before: sessions
SELECT count(*) FROM sessions WHERE created_at < '2025-12-22T21:30:00.000Z';

-- before: visitors with 1500 sessions or more
SELECT count(*) FROM (
    SELECT visitor_id FROM sessions WHERE created_at < '2025-12-22T21:30:00.000Z'
    GROUP BY visitor_id HAVING count(*) >= 1500) AS hubs;

-- the day before: sessions
SELECT count(*) FROM sessions
WHERE created_at >= '2025-12-21T21:30:00.000Z' AND created_at < '2025-12-22T21:30:00.000Z';

-- the day after: sessions
SELECT count(*) FROM sessions
WHERE created_at >= '2025-12-22T21:30:00.000Z' AND created_at < '2025-12-23T21:30:00.000Z';

-- after: new visitors
SELECT count(*) FROM visitors WHERE created_at >= '2025-12-22T21:30:00.000Z';

-- after: sessions of new visitors
SELECT count(*) FROM sessions WHERE visitor_id IN (
    SELECT id FROM visitors WHERE created_at >= '2025-12-22T21:30:00.000Z');

-- after: visitors with more than 10 sessions
SELECT count(*) FROM (
    SELECT visitor_id FROM sessions WHERE created_at >= '2025-12-22T21:30:00.000Z'
    GROUP BY visitor_id HAVING count(*) > 10) AS outliers;

-- after: visitors with more than 100 sessions
SELECT count(*) FROM (
    SELECT visitor_id FROM sessions WHERE created_at >= '2025-12-22T21:30:00.000Z'
    GROUP BY visitor_id HAVING count(*) > 100) AS outliers;

-- all: sessions without events
SELECT count(*) FROM sessions WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.session_id = sessions.id);
