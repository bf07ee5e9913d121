"""What all views share: sheets and charts, words and markup."""
