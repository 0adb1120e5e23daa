-- Tenants, who may see them, their states, their audit log. Applied as modeldeck_owner, in one transaction.
-- A row belongs to a tenant, and a login sees the rows of the tenants that it is a member of (session_user, so that no
-- variable of a pooled connection decides it). Functions that do more than their caller may are at the end.

CREATE SCHEMA modeldeck;
SET LOCAL search_path = modeldeck, pg_temp;

CREATE TABLE meta (
  single boolean PRIMARY KEY DEFAULT true CHECK (single),
  schema_version integer NOT NULL,
  least_client integer NOT NULL,
  store_id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO meta (schema_version, least_client) VALUES (0, 1);

CREATE TABLE tenant (
  id text PRIMARY KEY CHECK (id ~ '^[a-z0-9-]{1,64}$'),
  number bigint GENERATED ALWAYS AS IDENTITY UNIQUE,  -- names it in notices, which every login of the database hears
  version bigint NOT NULL DEFAULT 0,                  -- 0: no settings
  operation uuid,                                     -- of the save that made the version
  size integer NOT NULL DEFAULT 0,
  last_used text NOT NULL DEFAULT '',
  removed boolean NOT NULL DEFAULT false
);

CREATE TABLE member (
  login name NOT NULL,
  tenant text NOT NULL REFERENCES tenant,
  added_by name NOT NULL DEFAULT session_user,
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (login, tenant)
);

CREATE TABLE state (
  tenant text NOT NULL REFERENCES tenant,
  version bigint NOT NULL CHECK (version > 0),
  document bytea NOT NULL,
  operation uuid NOT NULL UNIQUE,
  writer name NOT NULL DEFAULT session_user,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, version)
);

CREATE TABLE audit (
  tenant text NOT NULL REFERENCES tenant,
  n bigint NOT NULL CHECK (n > 0),
  hash text NOT NULL,
  line bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  db_user name NOT NULL DEFAULT session_user,
  client_addr inet DEFAULT inet_client_addr(),
  PRIMARY KEY (tenant, n)
);

CREATE TABLE file (
  tenant text NOT NULL REFERENCES tenant,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  content bytea NOT NULL,
  PRIMARY KEY (tenant, name)
);

-- Row-level security: for everybody, the owner too. The owner's policies are for the functions below.
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['tenant', 'member', 'state', 'audit', 'file'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY by_functions ON %I TO modeldeck_owner USING (true) WITH CHECK (true)', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['state', 'audit', 'file'] LOOP
    EXECUTE format(
      'CREATE POLICY of_members ON %I TO modeldeck_operator, modeldeck_auditor USING (tenant IN '
      '(SELECT m.tenant FROM modeldeck.member m WHERE m.login = session_user))', name);
  END LOOP;
END $$;
CREATE POLICY of_members ON tenant TO modeldeck_operator, modeldeck_auditor, modeldeck_meter
  USING (id IN (SELECT m.tenant FROM modeldeck.member m WHERE m.login = session_user));
CREATE POLICY own ON member FOR SELECT TO modeldeck_operator, modeldeck_auditor, modeldeck_meter
  USING (login = session_user);

CREATE FUNCTION check_version() RETURNS trigger LANGUAGE plpgsql SET search_path = modeldeck, pg_temp AS $$
BEGIN
  IF NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'modeldeck: a version follows the one before' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER check_version BEFORE UPDATE OF version ON tenant FOR EACH ROW EXECUTE FUNCTION check_version();

CREATE FUNCTION check_entry() RETURNS trigger LANGUAGE plpgsql SET search_path = modeldeck, pg_temp AS $$
BEGIN
  IF NEW.n <= (SELECT max(n) FROM audit WHERE tenant = NEW.tenant) THEN
    RAISE EXCEPTION 'modeldeck: an entry follows the one before' USING ERRCODE = '23514';
  ELSIF NEW.hash <> encode(sha256(NEW.line), 'hex') THEN
    RAISE EXCEPTION 'modeldeck: an entry has its own hash' USING ERRCODE = '23514';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER check_entry BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION check_entry();

-- A save is one commit: this, the audit entries beside it, and one notice.
CREATE FUNCTION save(tenant_id text, expected bigint, operation_id uuid, content bytea, keep integer)
RETURNS TABLE (new_version bigint, notice_number bigint) LANGUAGE plpgsql SET search_path = modeldeck, pg_temp AS $$
BEGIN
  IF expected IS NULL THEN
    expected := create_tenant(tenant_id);
  END IF;
  UPDATE tenant SET version = version + 1, operation = operation_id, size = length(content)
    WHERE id = tenant_id AND version = expected AND NOT removed
    RETURNING version, number INTO new_version, notice_number;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'modeldeck: another session saved first' USING ERRCODE = '40001';
  END IF;
  INSERT INTO state (tenant, version, document, operation)
    VALUES (tenant_id, new_version, content, operation_id);
  PERFORM prune(tenant_id, keep);
  PERFORM pg_notify('modeldeck', notice_number || ' ' || new_version);
  RETURN NEXT;
END $$;

CREATE FUNCTION create_from(tenant_id text, contents bytea[], operation_id uuid)
RETURNS void LANGUAGE plpgsql SET search_path = modeldeck, pg_temp AS $$
DECLARE present bigint := create_tenant(tenant_id);
BEGIN
  FOR place IN 1 .. cardinality(contents) LOOP
    PERFORM save(
      tenant_id, present, CASE WHEN place = cardinality(contents) THEN operation_id ELSE gen_random_uuid() END,
      contents[place], 5);
    present := present + 1;
  END LOOP;
END $$;

-- What follows does more than its caller may, for members only.
CREATE FUNCTION check_member(tenant_id text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM member WHERE login = session_user AND tenant = tenant_id) THEN
    RAISE EXCEPTION 'modeldeck: not a member' USING ERRCODE = '42501';
  END IF;
END $$;

CREATE FUNCTION create_tenant(tenant_id text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
DECLARE present bigint;
BEGIN
  INSERT INTO tenant (id) VALUES (tenant_id) ON CONFLICT (id) DO UPDATE SET removed = false
    WHERE tenant.removed AND EXISTS (SELECT FROM member WHERE login = session_user AND member.tenant = tenant_id)
    RETURNING version INTO present;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'modeldeck: the tenant exists'
      USING ERRCODE = CASE tenant_id WHEN 'operator' THEN '42501' ELSE '23505' END;
  END IF;
  DELETE FROM member WHERE tenant = tenant_id;
  INSERT INTO member (login, tenant) VALUES (session_user, tenant_id);
  RETURN present;
END $$;

CREATE FUNCTION remove_tenant(tenant_id text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
DECLARE notice_number bigint;
BEGIN
  PERFORM check_member(tenant_id);
  DELETE FROM state WHERE tenant = tenant_id;
  DELETE FROM file WHERE tenant = tenant_id;
  UPDATE tenant SET removed = true, operation = NULL, size = 0 WHERE id = tenant_id RETURNING number INTO notice_number;
  PERFORM pg_notify('modeldeck', notice_number || ' 0');
END $$;

CREATE FUNCTION prune(tenant_id text, keep integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
DECLARE present bigint;
BEGIN
  PERFORM check_member(tenant_id);
  SELECT version INTO present FROM tenant WHERE id = tenant_id;
  IF keep = 0 THEN
    DELETE FROM state WHERE tenant = tenant_id AND version = present - 1;
  ELSE
    DELETE FROM state WHERE tenant = tenant_id AND version <
      (SELECT s.version FROM state s WHERE s.tenant = tenant_id ORDER BY s.version DESC OFFSET 5 LIMIT 1);
  END IF;
END $$;

CREATE FUNCTION rewrite_state(tenant_id text, which bigint, content bytea) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  UPDATE state SET document = content WHERE tenant = tenant_id AND version = which
    AND version < (SELECT t.version FROM tenant t WHERE t.id = tenant_id);
END $$;

CREATE FUNCTION drop_state(tenant_id text, which bigint) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  DELETE FROM state WHERE tenant = tenant_id AND version = which
    AND version < (SELECT t.version FROM tenant t WHERE t.id = tenant_id);
END $$;

CREATE FUNCTION admit_member(tenant_id text, new_login name) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  INSERT INTO member (login, tenant) VALUES (new_login, tenant_id) ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION remove_member(tenant_id text, old_login name) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  DELETE FROM member WHERE tenant = tenant_id AND login = old_login;
END $$;

CREATE FUNCTION members(tenant_id text) RETURNS TABLE (login name, added_by name, since timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = modeldeck, pg_temp AS $$
BEGIN
  PERFORM check_member(tenant_id);
  RETURN QUERY SELECT m.login, m.added_by, m.since FROM member m WHERE m.tenant = tenant_id ORDER BY m.login;
END $$;
