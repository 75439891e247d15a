return {
  name = 'quota', keys = { quota = { type = 'number', default = 0 } },
  applies = function(metadata) return metadata.quota > 0 end,
  request = function(call, _params, metadata)
    call.quota = metadata.quota
    return nil
  end,
}
