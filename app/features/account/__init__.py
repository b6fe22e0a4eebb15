"""A person's own matters: signing in and out, setting a password by a one-time link, and the profile page.

Staff see the profile inside the app shell, with API tokens and their Atlassian accounts. Guests and customers see one small
card: who they are signed in as, how to change the password, how to leave. It has to withstand guessing (limits count before
anything is hashed), forms sent from other sites, and addresses in `next` that lead elsewhere. Start reading at `views`.
"""
