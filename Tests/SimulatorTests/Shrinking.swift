/// Leaves steps out of a failing sequence as long as it still fails.
func shrunk<Step>(_ steps: [Step], while fails: ([Step]) throws -> Bool) rethrows -> [Step] {
  var steps = steps
  var size = steps.count / 2
  while size > 0 {
    var start = 0
    while start < steps.count {
      let fewer = Array(steps[..<start] + steps[min(start + size, steps.count)...])
      if try fails(fewer) { steps = fewer } else { start += size }
    }
    size /= 2
  }
  return steps
}
