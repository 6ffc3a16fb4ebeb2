package account

import (
	"fmt"
	"time"
)

// Reading is how messages are read in the app. The zero value is the default.
type Reading struct {
	Downloads string        // absolute; where attachments are saved; "": the system's directory for downloads
	MarkSeen  time.Duration // see SeenAfter; 0: DefaultMarkSeen; negative: never
}

// DefaultMarkSeen is how long a message is open before it counts as read.
const DefaultMarkSeen = 2 * time.Second

// SeenAfter is how long a message is open over IMAP before \Seen is set; negative: never.
func (r Reading) SeenAfter() time.Duration {
	if r.MarkSeen == 0 {
		return DefaultMarkSeen
	}
	return r.MarkSeen
}

// ParseMarkSeen reads "never" or a time such as "2s"; "0s" is at once.
func ParseMarkSeen(s string) (time.Duration, error) {
	if s == "never" {
		return -1, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > time.Hour {
		return 0, fmt.Errorf("%q is neither never nor a time such as 2s (0s to 1h)", s)
	}
	return max(d, time.Nanosecond), nil
}
