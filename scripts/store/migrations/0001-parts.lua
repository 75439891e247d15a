--- Stores of the first versions lack parts that everything else takes for granted.
local PARTS = { '/public', '/private', '/public/packageData', '/public/serverInfo', '/public/ui',
  '/private/packages' }

return {
  up = function(db)
    for _, part in ipairs(PARTS) do
      if not db:exists(part) then
        local made, err = db:put(part, {})
        if not made then return nil, err end
      end
    end
    return true
  end,
}
