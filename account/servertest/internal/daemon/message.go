package daemon

import (
	"fmt"
	"time"
)

// Message is the i-th message of a filled INBOX, with CRLF. Its Message-ID is
// "<i@filled.example>".
func Message(i int, at time.Time) string {
	return fmt.Sprintf("From: Sender %d <sender%d@example.org>\r\nTo: Alice <alice@example.org>\r\n"+
		"Subject: Message number %d\r\nDate: %s\r\nMessage-ID: <%d@filled.example>\r\n\r\nThis is message %d.\r\n",
		i%50, i%50, i, at.Format(time.RFC1123Z), i, i)
}
