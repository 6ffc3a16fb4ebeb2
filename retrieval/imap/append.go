package imap

import (
	"context"
	"time"

	goimap "github.com/emersion/go-imap/v2"
)

// nonSync is the longest literal that the library sends without asking first, in octets (RFC 7888 section 5).
const nonSync = 4096

// Append stores a message in a folder and returns its UID there, 0 when the
// server does not say (no UIDPLUS). msg has CRLF line ends; a zero date leaves
// the internal date to the server.
func (s *Session) Append(ctx context.Context, folder string, flags []string, date time.Time, msg []byte) (uid uint32, err error) {
	name := "append to " + folder
	if err := checkFlags(name, flags); err != nil {
		return 0, err
	}
	o := &goimap.AppendOptions{Time: date}
	for _, f := range flags {
		o.Flags = append(o.Flags, goimap.Flag(f))
	}
	err = s.do(ctx, name, causesExists, func(context.Context) error {
		// The library closes the connection when the server refuses a literal
		// instead of inviting it. A folder that is not there is found out before.
		if len(msg) > nonSync || !(s.has(goimap.CapLiteralPlus) || s.has(goimap.CapLiteralMinus)) {
			if _, err := s.client.Status(folder, counts).Wait(); err != nil {
				return err
			}
		}
		uid, err = s.append(folder, o, msg)
		return err
	})
	return uid, err
}

func (s *Session) append(folder string, o *goimap.AppendOptions, msg []byte) (uint32, error) {
	s.tap.muted.Store(true)
	defer s.tap.muted.Store(false)
	cmd := s.client.Append(folder, int64(len(msg)), o)
	_, werr := cmd.Write(msg)
	cerr := cmd.Close()
	data, err := cmd.Wait() // a refusal instead of the invitation is the better reason
	for _, e := range []error{err, werr, cerr} {
		if e != nil {
			return 0, e
		}
	}
	return uint32(data.UID), nil
}
