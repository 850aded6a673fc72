package orchestrator

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// Buckets is the number of equal parts that confidences are counted in. They are narrow enough for the thresholds of Advise.
const Buckets = 20

// QualityFilter selects decisions. The zero value is all that are kept.
type QualityFilter struct {
	Since, Until time.Time // of the decision; zero = no bound
	Runner       string
	Model        string
}

// Quality is what became of the decisions of each model.
type Quality struct {
	Rows []QualityRow // by model, then label; models and labels with the most decisions first
}

// QualityRow counts the decisions of one model for one label.
type QualityRow struct {
	Model, Label string
	Uncalibrated bool
	Total        int
	Waiting      int // somebody is asked
	Reviewed     int // answered by an operator, skipped ones left out
	Corrected    int // of those: another label was chosen
	Skipped      int // by an operator
	Expired      int // by a deadline
	// Median is the median time from the question to an operator's answer; 0 = none was answered.
	Median   time.Duration
	All      [Buckets]int // decisions by confidence
	Judged   [Buckets]int // of Reviewed, by confidence
	Approved [Buckets]int // of Judged: the model's label was kept
}

// BucketOf is the place of a confidence in a histogram.
func BucketOf(confidence float64) int {
	return max(min(int(math.Floor(confidence*Buckets+1e-9)), Buckets-1), 0)
}

// add counts the decisions of another row, too.
func (r *QualityRow) add(o *QualityRow) {
	r.Total, r.Waiting, r.Reviewed = r.Total+o.Total, r.Waiting+o.Waiting, r.Reviewed+o.Reviewed
	r.Corrected, r.Skipped, r.Expired = r.Corrected+o.Corrected, r.Skipped+o.Skipped, r.Expired+o.Expired
	r.Uncalibrated = r.Uncalibrated || o.Uncalibrated
	for i := range Buckets {
		r.All[i], r.Judged[i], r.Approved[i] = r.All[i]+o.All[i], r.Judged[i]+o.Judged[i], r.Approved[i]+o.Approved[i]
	}
}

// Models gives one row per model with the sums of its labels, those with the most decisions first. Their label is "", and their
// median is that of the label with the most answers.
func (q *Quality) Models() []QualityRow {
	var out []QualityRow
	most := map[string]int{}
	for i := range q.Rows {
		r := &q.Rows[i]
		at := slices.IndexFunc(out, func(o QualityRow) bool { return o.Model == r.Model })
		if at < 0 {
			out = append(out, QualityRow{Model: r.Model})
			at = len(out) - 1
		}
		out[at].add(r)
		if r.Median > 0 && r.Reviewed >= most[r.Model] {
			out[at].Median, most[r.Model] = r.Median, r.Reviewed
		}
	}
	slices.SortStableFunc(out, func(a, b QualityRow) int { return cmp.Or(cmp.Compare(b.Total, a.Total), cmp.Compare(a.Model, b.Model)) })
	return out
}

// Of gives the rows of a model.
func (q *Quality) Of(model string) []QualityRow {
	var out []QualityRow
	for i := range q.Rows {
		if q.Rows[i].Model == model {
			out = append(out, q.Rows[i])
		}
	}
	return out
}

// Advice is what a threshold would mean: how many decisions would need nobody, and how many of those would be right.
type Advice struct {
	Threshold float64
	Share     float64 // of all decisions at or above it
	Judged    int     // of those, reviewed by an operator
	Approved  int     // of Judged, with the model's label
	// Precision is Approved/Judged; Low and High are its 95 % interval (Wilson). All 0 when nothing was judged.
	Precision, Low, High float64
}

// Advise says what the thresholds 0.50, 0.55 ... 0.95 would mean for the decisions of a row.
//
// Only reviewed decisions tell whether a label was right. When only doubtful ones are reviewed, the precision above the threshold
// in use rests on few of them: the interval says how few. A sample of the sure ones narrows it.
func Advise(r *QualityRow) []Advice {
	var out []Advice
	for b := Buckets / 2; b < Buckets; b++ {
		a := Advice{Threshold: float64(b) / Buckets}
		above := 0
		for i := b; i < Buckets; i++ {
			above, a.Judged, a.Approved = above+r.All[i], a.Judged+r.Judged[i], a.Approved+r.Approved[i]
		}
		if r.Total > 0 {
			a.Share = float64(above) / float64(r.Total)
		}
		if a.Judged > 0 {
			a.Precision = float64(a.Approved) / float64(a.Judged)
			a.Low, a.High = Wilson(a.Approved, a.Judged)
		}
		out = append(out, a)
	}
	return out
}

// Lowest gives the lowest threshold whose precision is at least target even at the lower end of its interval; false = the reviewed
// decisions do not show that for any.
func Lowest(all []Advice, target float64) (Advice, bool) {
	for _, a := range all {
		if a.Judged > 0 && a.Low >= target {
			return a, true
		}
	}
	return Advice{}, false
}

// Wilson is the 95 % score interval of k successes in n tries (E. B. Wilson, 1927): unlike the plain one it is honest about small
// numbers. Without tries it is 0 to 1.
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	p, m := float64(k)/float64(n), float64(n)
	centre := p + z*z/(2*m)
	spread := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	return max((centre-spread)/(1+z*z/m), 0), min((centre+spread)/(1+z*z/m), 1)
}
