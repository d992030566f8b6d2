"""What tests of and with Stepwell can use: public and supported. Nothing else imports it."""
