-- Parts of large settings by their digest: states share them, and a save sends those alone that are new. Applied as
-- modeldeck_owner, in one transaction.
SET LOCAL search_path = modeldeck, pg_temp;

CREATE TABLE blob (
  tenant text NOT NULL REFERENCES tenant,
  digest bytea NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (tenant, digest),
  CHECK (digest = sha256(content))
);
ALTER TABLE state ADD COLUMN blobs bytea[] NOT NULL DEFAULT '{}';

ALTER TABLE blob ENABLE ROW LEVEL SECURITY;
ALTER TABLE blob FORCE ROW LEVEL SECURITY;
CREATE POLICY by_functions ON blob TO modeldeck_owner USING (true) WITH CHECK (true);
CREATE POLICY of_members ON blob TO modeldeck_operator USING (EXISTS (
  SELECT FROM modeldeck.member m WHERE m.login = session_user AND m.tenant = blob.tenant));

-- A state lists the blobs that its document names; one that is not there is not saved.
CREATE FUNCTION list_blobs() RETURNS trigger LANGUAGE plpgsql SET search_path = modeldeck, pg_temp AS $$
BEGIN
  NEW.blobs := '{}';
  IF substr(NEW.document, 1, 26) = '{"schema": 1000, "blobs": '::bytea THEN
    NEW.blobs := ARRAY(SELECT decode(d.digest, 'hex')
      FROM json_array_elements_text(convert_from(NEW.document, 'UTF8')::json -> 'blobs') AS d (digest));
    IF EXISTS (SELECT FROM unnest(NEW.blobs) AS u (digest) WHERE NOT EXISTS (
      SELECT FROM blob b WHERE b.tenant = NEW.tenant AND b.digest = u.digest))
    THEN
      RAISE EXCEPTION 'modeldeck: a blob is missing' USING ERRCODE = '23503';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER list_blobs BEFORE INSERT OR UPDATE ON state FOR EACH ROW EXECUTE FUNCTION list_blobs();

-- What no state lists any more goes, at the end of the transaction: what one state leaves another one may take up.
CREATE FUNCTION purge_blobs() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = modeldeck, pg_temp AS $$
BEGIN
  DELETE FROM blob b WHERE b.tenant = OLD.tenant AND b.digest = ANY(OLD.blobs) AND NOT EXISTS (
    SELECT FROM state s WHERE s.tenant = OLD.tenant AND b.digest = ANY(s.blobs));
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER purge_blobs AFTER DELETE OR UPDATE ON state DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW WHEN (OLD.blobs <> '{}') EXECUTE FUNCTION purge_blobs();
