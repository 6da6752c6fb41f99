"""Parts of requests and answers that several resources share."""
