"""Paper for people, as Markdown to edit: a policy, a notice to customers, a page of training, a questionnaire."""
