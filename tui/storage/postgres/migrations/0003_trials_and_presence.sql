-- Counts of trials across machines, and who has which form open. Applied as modeldeck_owner, in one transaction.
SET LOCAL search_path = modeldeck, pg_temp;

CREATE TABLE trial (
  tenant text NOT NULL REFERENCES tenant,
  provider text NOT NULL CHECK (length(provider) BETWEEN 1 AND 100),
  used bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
  held bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
  PRIMARY KEY (tenant, provider)
);

CREATE TABLE reservation (
  token uuid PRIMARY KEY,
  tenant text NOT NULL REFERENCES tenant,
  provider text NOT NULL,
  login name NOT NULL DEFAULT session_user,
  made timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires timestamptz NOT NULL,
  state text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'used', 'returned', 'expired'))
);
CREATE INDEX held_reservations ON reservation (tenant, provider, expires) WHERE state = 'held';
CREATE INDEX ended_reservations ON reservation (tenant, provider, made) WHERE state <> 'held';

CREATE TABLE presence (
  tenant text NOT NULL REFERENCES tenant,
  login name NOT NULL DEFAULT session_user,
  host text NOT NULL CHECK (length(host) BETWEEN 1 AND 100),
  what text NOT NULL CHECK (length(what) BETWEEN 1 AND 200),
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  until timestamptz NOT NULL,
  PRIMARY KEY (tenant, login, host, what)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['trial', 'reservation', 'presence'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY by_functions ON %I TO modeldeck_owner USING (true) WITH CHECK (true)', name);
  END LOOP;
END $$;
CREATE POLICY of_members ON trial FOR SELECT TO modeldeck_operator, modeldeck_auditor, modeldeck_meter
  USING (tenant IN (SELECT m.tenant FROM modeldeck.member m WHERE m.login = session_user));
CREATE POLICY of_members ON presence FOR SELECT TO modeldeck_operator
  USING (tenant IN (SELECT m.tenant FROM modeldeck.member m WHERE m.login = session_user));

-- Reserve a request under a token, if fewer than `allowed` are used or held. Time is the database's. Whoever reserves
-- next gives back what expired meanwhile. `known` is what was used before the counts were kept here.
CREATE FUNCTION reserve_trial(
  tenant_id text, provider_id text, allowed bigint, known bigint, new_token uuid, seconds double precision
) RETURNS TABLE (reserved boolean, now_used bigint, now_held bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
DECLARE expired bigint;
BEGIN
  PERFORM check_member(tenant_id);
  INSERT INTO trial (tenant, provider, used) VALUES (tenant_id, provider_id, known) ON CONFLICT DO NOTHING;
  PERFORM FROM trial t WHERE t.tenant = tenant_id AND t.provider = provider_id FOR UPDATE;
  WITH ended AS (
    UPDATE reservation r SET state = 'expired' WHERE r.tenant = tenant_id AND r.provider = provider_id
      AND r.state = 'held' AND r.expires < clock_timestamp() RETURNING 1)
  SELECT count(*) INTO expired FROM ended;
  DELETE FROM reservation r WHERE r.tenant = tenant_id AND r.provider = provider_id
    AND r.state <> 'held' AND r.made < clock_timestamp() - interval '1 day';
  IF expired > 0 THEN
    UPDATE trial t SET held = t.held - expired WHERE t.tenant = tenant_id AND t.provider = provider_id;
  END IF;
  reserved := EXISTS (SELECT FROM reservation r WHERE r.token = new_token);
  IF NOT reserved THEN
    UPDATE trial t SET held = t.held + 1
      WHERE t.tenant = tenant_id AND t.provider = provider_id AND t.used + t.held < allowed;
    reserved := FOUND;
    IF reserved THEN
      INSERT INTO reservation (token, tenant, provider, expires)
        VALUES (new_token, tenant_id, provider_id, clock_timestamp() + make_interval(secs => seconds));
    END IF;
  END IF;
  SELECT t.used, t.held INTO now_used, now_held FROM trial t WHERE t.tenant = tenant_id AND t.provider = provider_id;
  RETURN NEXT;
END $$;

-- Settle a reservation (`wanted` 'used') or give it back ('returned'), once, however often it is called. One that
-- expired meanwhile is settled all the same: the request was made.
CREATE FUNCTION end_trial(tenant_id text, provider_id text, old_token uuid, wanted text)
RETURNS TABLE (now_used bigint, now_held bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
DECLARE present text;
BEGIN
  PERFORM check_member(tenant_id);
  PERFORM FROM trial t WHERE t.tenant = tenant_id AND t.provider = provider_id FOR UPDATE;
  SELECT r.state INTO present FROM reservation r
    WHERE r.token = old_token AND r.tenant = tenant_id AND r.provider = provider_id;
  IF wanted IN ('used', 'returned') AND present IS DISTINCT FROM wanted AND present IS DISTINCT FROM 'returned'
    AND present IS NOT NULL
  THEN
    UPDATE trial t SET
      held = t.held - CASE present WHEN 'held' THEN 1 ELSE 0 END,
      used = greatest(0, t.used + CASE WHEN wanted = 'used' THEN 1 WHEN present = 'used' THEN -1 ELSE 0 END)
      WHERE t.tenant = tenant_id AND t.provider = provider_id;
    UPDATE reservation r SET state = wanted WHERE r.token = old_token;
  END IF;
  RETURN QUERY SELECT t.used, t.held FROM trial t WHERE t.tenant = tenant_id AND t.provider = provider_id;
END $$;

-- Keep a reservation of a long request; nothing happens to one that is over.
CREATE FUNCTION renew_trial(tenant_id text, old_token uuid, seconds double precision) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  UPDATE reservation r SET expires = clock_timestamp() + make_interval(secs => seconds)
    WHERE r.token = old_token AND r.tenant = tenant_id AND r.state = 'held';
END $$;

-- Say that this login has a form open, for so many seconds (0: no longer); return who else has.
CREATE FUNCTION be_present(tenant_id text, host_name text, what_is_open text, seconds double precision)
RETURNS TABLE (other_login name, other_host text, open_since timestamptz) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  DELETE FROM presence p WHERE p.tenant = tenant_id AND (p.until < clock_timestamp()
    OR seconds <= 0 AND p.login = session_user AND p.host = host_name AND p.what = what_is_open);
  IF seconds > 0 THEN
    INSERT INTO presence (tenant, host, what, until)
      VALUES (tenant_id, host_name, what_is_open, clock_timestamp() + make_interval(secs => seconds))
      ON CONFLICT (tenant, login, host, what) DO UPDATE SET until = excluded.until;
  END IF;
  RETURN QUERY SELECT p.login, p.host, p.since FROM presence p
    WHERE p.tenant = tenant_id AND p.what = what_is_open AND (p.login <> session_user OR p.host <> host_name)
    ORDER BY p.since;
END $$;
