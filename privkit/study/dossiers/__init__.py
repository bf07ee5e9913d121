"""A dossier: what is known of a table, its project and its results, as one document and in the forms of others."""
