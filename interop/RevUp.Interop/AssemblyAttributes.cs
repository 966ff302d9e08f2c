// Every signature is blittable; the runtime's own marshalling must not creep in.
[assembly: DisableRuntimeMarshalling]
