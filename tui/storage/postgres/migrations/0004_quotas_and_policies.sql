-- The database decides how many requests a trial has, and finds a tenant's rows in the same time however many tenants
-- there are. Applied as modeldeck_owner, in one transaction.
SET LOCAL search_path = modeldeck, pg_temp;

-- By an index on the row's own tenant: a list of all tenants of the login took longer with every tenant.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['state', 'audit', 'file', 'trial', 'presence'] LOOP
    EXECUTE format('ALTER POLICY of_members ON %I USING (EXISTS (SELECT FROM modeldeck.member m '
      'WHERE m.login = session_user AND m.tenant = %I.tenant))', name, name);
  END LOOP;
END $$;
ALTER POLICY of_members ON tenant
  USING (EXISTS (SELECT FROM modeldeck.member m WHERE m.login = session_user AND m.tenant = tenant.id));

-- What the operator's settings say of a trial: its requests, and how many a tenant had used before it was counted here.
-- Settings that cannot be read allow nothing.
CREATE FUNCTION trial_terms(tenant_id text, provider_id text, OUT calls bigint, OUT before bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = modeldeck, pg_temp AS $$
DECLARE tables json;
BEGIN
  SELECT convert_from(s.document, 'UTF8')::json -> 'data' INTO tables FROM state s
    JOIN tenant t ON t.id = s.tenant AND t.version = s.version WHERE s.tenant = 'operator' AND NOT t.removed;
  SELECT min((e.value ->> 'calls')::bigint) INTO calls FROM json_each(tables -> 'trials') e
    WHERE e.value ->> 'provider' = provider_id;
  SELECT max((e.value ->> 'calls')::bigint) INTO before FROM json_each(tables -> 'used') e
    WHERE e.value ->> 'provider' = provider_id AND e.value ->> 'tenant' = tenant_id;
  calls := greatest(0, coalesce(calls, 0));
  before := greatest(0, coalesce(before, 0));
EXCEPTION WHEN data_exception THEN
  calls := 0;
  before := 0;
END $$;

-- As before, but `allowed` and `known`, which earlier versions of Modeldeck counted by, can only lower what is left.
CREATE OR REPLACE FUNCTION reserve_trial(
  tenant_id text, provider_id text, allowed bigint, known bigint, new_token uuid, seconds double precision
) RETURNS TABLE (reserved boolean, now_used bigint, now_held bigint) LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
DECLARE
  expired bigint;
  terms record;
BEGIN
  PERFORM check_member(tenant_id);
  terms := trial_terms(tenant_id, provider_id);
  INSERT INTO trial (tenant, provider, used) VALUES (tenant_id, provider_id, greatest(known, terms.before))
    ON CONFLICT DO NOTHING;
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
  reserved := EXISTS (SELECT FROM reservation r WHERE r.token = new_token
    AND r.tenant = tenant_id AND r.provider = provider_id AND r.state = 'held');
  -- A token is good for one request: one that ended is not reserved again.
  IF NOT reserved AND NOT EXISTS (SELECT FROM reservation r WHERE r.token = new_token) THEN
    UPDATE trial t SET held = t.held + 1 WHERE t.tenant = tenant_id AND t.provider = provider_id
      AND t.used + t.held < least(allowed, terms.calls);
    reserved := FOUND;
    IF reserved THEN
      INSERT INTO reservation (token, tenant, provider, expires) VALUES (new_token, tenant_id, provider_id,
        clock_timestamp() + make_interval(secs => least(600, greatest(30, seconds))));
    END IF;
  END IF;
  SELECT t.used, t.held INTO now_used, now_held FROM trial t WHERE t.tenant = tenant_id AND t.provider = provider_id;
  RETURN NEXT;
END $$;

CREATE OR REPLACE FUNCTION renew_trial(tenant_id text, old_token uuid, seconds double precision) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  UPDATE reservation r SET expires = clock_timestamp() + make_interval(secs => least(600, greatest(30, seconds)))
    WHERE r.token = old_token AND r.tenant = tenant_id AND r.state = 'held';
END $$;
