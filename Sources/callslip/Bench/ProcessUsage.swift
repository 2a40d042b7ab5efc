/// What a process uses, as the kernel counts it.

import EventLoop
import Glibc

enum ProcessUsage {
    /// CPU seconds of this process.
    static var ownCPUSeconds: Double {
        var usage = rusage()
        // The call fails only for an unknown first argument.
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// CPU seconds of all threads of a process, those that have ended too, to the nanosecond (ticks are too coarse for an idle one).
    static func cpuSeconds(of pid: pid_t) throws -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw LocalClusterError("process \(pid) is gone")
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func residentMB(of pid: pid_t) throws -> Double {
        let lines = Files.read("/proc/\(pid)/status")?.split(separator: "\n") ?? []
        guard let line = lines.first(where: { $0.hasPrefix("VmRSS:") }),
            let kB = line.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
        else { throw LocalClusterError("expected VmRSS in /proc/\(pid)/status; the process is gone") }
        return kB / 1024
    }

    /// How long an appended record of so many bytes takes to become durable in this folder: the median of some hundred, in milliseconds.
    static func syncMs(folder: String, bytes: Int) throws -> Double {
        let path = folder + "/sync"
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw LocalClusterError("cannot write \(path): \(String(cString: strerror(errno)))") }
        defer {
            close(descriptor)
            unlink(path)
        }
        let record = [UInt8](repeating: 0x78, count: bytes)
        posix_fallocate(descriptor, 0, 1 << 20)
        var took: [Double] = []
        for _ in 0..<300 {
            guard write(descriptor, record, record.count) == record.count else { throw LocalClusterError("\(path): the disk is full") }
            let beganNs = Loop.monotonicNs()
            guard fdatasync(descriptor) == 0 else { throw LocalClusterError("\(path): \(String(cString: strerror(errno)))") }
            took.append(Double(Loop.monotonicNs() - beganNs) / 1e6)
        }
        // 300 were measured, so there is a median.
        return took.sorted()[took.count / 2]
    }

    /// A load of a thousand connections needs as many descriptors.
    static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
