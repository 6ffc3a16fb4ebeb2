package live

import (
	"imapop/retrieval"
	"imapop/retrieval/fetch"
)

// parseHeader reads what a list shows out of a message's first octets.
func parseHeader(octets []byte) *retrieval.Header { return fetch.ParseHeader(octets) }
