-- What founders wrote themselves beside a spec: the files of src/custom as JSON, sealed; NULL where there are none.
ALTER TABLE versions ADD COLUMN custom BLOB;
-- SHA-256 of it in the clear: an approval is for both. It stays when the code is destroyed, as that of the spec does.
ALTER TABLE versions ADD COLUMN custom_digest BLOB CHECK (custom IS NULL OR custom_digest IS NOT NULL);
