package pop3d

import (
	"bytes"
	"io"
)

var crlf = []byte("\r\n")

// writeStuffed writes a multi-line body (RFC 1939 section 3): a dot before
// each line that begins with one, the first line too; a CRLF at the end when the
// message has none; then the line with the dot alone. Only CRLF ends a line:
// a dot after a lone LF is in the middle of one and must stay as it is.
func writeStuffed(w io.Writer, message []byte) error {
	var err error
	put := func(p []byte) {
		if err == nil && len(p) > 0 {
			_, err = w.Write(p)
		}
	}
	open := len(message) > 0 && !bytes.HasSuffix(message, crlf)
	if bytes.HasPrefix(message, []byte(".")) {
		put([]byte("."))
	}
	for rest := message; len(rest) > 0; {
		n := len(rest)
		if i := bytes.Index(rest, []byte("\r\n.")); i >= 0 {
			n = i + len(crlf)
		}
		put(rest[:n])
		rest = rest[n:]
		if len(rest) > 0 {
			put([]byte("."))
		}
	}
	if open {
		put(crlf)
	}
	put([]byte(".\r\n"))
	return err
}

// topOf gives the header, the blank line and the first k lines of the body:
// what there is of them.
func topOf(message []byte, k int) []byte {
	end := bodyStart(message)
	for ; k > 0 && end < len(message); k-- {
		i := bytes.Index(message[end:], crlf)
		if i < 0 {
			return message
		}
		end += i + len(crlf)
	}
	return message[:end]
}

// bodyStart is the offset after the blank line; the length when there is none.
func bodyStart(message []byte) int {
	if bytes.HasPrefix(message, crlf) {
		return len(crlf)
	}
	if i := bytes.Index(message, []byte("\r\n\r\n")); i >= 0 {
		return i + 2*len(crlf)
	}
	return len(message)
}
