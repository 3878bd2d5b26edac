import FuseMount
import Testing

/// Why a mount failed, in words.
@Suite struct MountFailureTests {
  /// What fusermount3 says goes past libfuse, which then has nothing to say.
  @Test func aUserWhoMayNotLetOthersInIsToldWhy() {
    let reason = MountFailure.reason(message: "", allowsOthers: true, isRoot: false)
    #expect(reason.contains("user_allow_other") && reason.contains("/etc/fuse.conf"))
    #expect(reason.contains("--allow-other"))
  }

  @Test func whoDoesNotAskForThatIsNotToldOfIt() {
    for isRoot in [true, false] {
      let reason = MountFailure.reason(message: "", allowsOthers: isRoot, isRoot: isRoot)
      #expect(!reason.isEmpty && !reason.contains("user_allow_other"))
    }
  }

  @Test func whatLibfuseSaysIsTheReason() {
    for (allowsOthers, isRoot) in [(true, true), (true, false), (false, true), (false, false)] {
      #expect(
        MountFailure.reason(message: "it says", allowsOthers: allowsOthers, isRoot: isRoot)
          == "it says")
    }
  }
}
