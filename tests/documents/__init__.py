"""Tests of app/documents: tables of constructs, hostile content, and properties over random documents."""
