"""The scanner: mail from a mailbox or a pipe, bytes to `Message`, and what class of mail it is."""
