package check

import (
	"fmt"
	"strings"
)

// source names a place in an RFC: "8314 3.3" is RFC 8314 section 3.3.
type source string

// String is the citation as a person reads it.
func (s source) String() string {
	rfc, section, ok := strings.Cut(string(s), " ")
	switch {
	case rfc == "":
		return ""
	case !ok:
		return "RFC " + rfc
	}
	return "RFC " + rfc + " section " + section
}

// link is where it can be read.
func (s source) link() string {
	rfc, section, ok := strings.Cut(string(s), " ")
	switch {
	case rfc == "":
		return ""
	case !ok:
		return fmt.Sprintf("https://www.rfc-editor.org/rfc/rfc%s", rfc)
	}
	return fmt.Sprintf("https://www.rfc-editor.org/rfc/rfc%s#section-%s", rfc, section)
}
