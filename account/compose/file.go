package compose

import (
	"bytes"
	"mime"
	"net/http"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message"
)

// filePart makes a file a part; eight says whether it is left in 8 bits. A message
// stays a message (message/rfc822) where its octets allow that: no other encoding
// may stand around it (RFC 2046 section 5.2.1).
func filePart(name string, octets []byte) (h message.Header, body []byte, eight bool) {
	kind, encoding := kindOf(name, octets), "base64"
	if kind == messageType {
		kind, encoding, octets = asMessage(octets)
	}
	h.Set("Content-Disposition", disposition(name))
	h.Set("Content-Transfer-Encoding", encoding)
	h.Set("Content-Type", kind)
	return h, octets, encoding == "8bit"
}

const messageType = "message/rfc822"

// known are the types of names that systems' tables disagree about or lack.
var known = map[string]string{
	".eml": messageType, ".txt": "text/plain", ".md": "text/markdown", ".patch": "text/x-diff", ".diff": "text/x-diff",
	".csv": "text/csv", ".ics": "text/calendar", ".pdf": "application/pdf", ".zip": "application/zip", ".gz": "application/gzip",
	".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".html": "text/html",
}

// kindOf finds the media type by the name, else by the first octets. Text says
// utf-8 only when it is.
func kindOf(name string, octets []byte) string {
	ext := strings.ToLower(filepath.Ext(name))
	kind := known[ext]
	if kind == "" {
		kind = mime.TypeByExtension(ext)
	}
	if kind == "" {
		kind = http.DetectContentType(octets)
	}
	kind, _, _ = strings.Cut(kind, ";")
	if strings.HasPrefix(kind, "multipart/") {
		return "application/octet-stream" // it would need a boundary that is nowhere
	}
	if strings.HasPrefix(kind, "text/") {
		return kind + "; charset=" + charsetOf(octets)
	}
	return kind
}

// asMessage says how a message can stand inside another as it is; one that cannot
// becomes a file.
func asMessage(octets []byte) (kind, encoding string, out []byte) {
	lines := bytes.ReplaceAll(bytes.ReplaceAll(octets, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	switch {
	case bytes.IndexByte(octets, 0) >= 0, bytes.Count(octets, []byte("\r")) != bytes.Count(octets, []byte("\r\n")), !shortLines(string(lines)):
		return "application/octet-stream", "base64", octets
	case ascii(string(lines)):
		return messageType, "7bit", lines
	}
	return messageType, "8bit", lines
}

func charsetOf(octets []byte) string {
	switch s := string(octets); {
	case ascii(s):
		return "us-ascii"
	case utf8.ValidString(s):
		return "utf-8"
	}
	return "unknown-8bit" // RFC 1428: octets whose character set nobody told
}
