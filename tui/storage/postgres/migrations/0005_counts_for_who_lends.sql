-- Who lends a key as a trial sees how much of it every tenant has used, also those of other operators. Applied as
-- modeldeck_owner, in one transaction.
SET LOCAL search_path = modeldeck, pg_temp;

ALTER POLICY of_members ON trial USING (EXISTS (
  SELECT FROM modeldeck.member m WHERE m.login = session_user AND m.tenant IN (trial.tenant, 'operator')));
